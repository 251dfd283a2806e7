"""The frozen nouns that travel between the layers; design.md's words, one module each.

Nothing here does I/O or asks the time. Import from the module where a noun lives.
"""
