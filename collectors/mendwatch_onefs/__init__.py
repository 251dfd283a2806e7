"""Dell PowerScale (OneFS): the client and one file per aspect."""
