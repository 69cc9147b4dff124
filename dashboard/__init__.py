"""HTTP and SSE reads and the web page; reads never compute, and import no producer directly."""
