"""One agent a module, one verb each; may import everything below, and no producer."""
