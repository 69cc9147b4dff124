"""A Faust transport and table store over Redis Streams; knows no football, imports none of ours."""
