"""What a language model may ask and decide, over the Model Context Protocol.

Choice of place: this runs before any module of the package can import fastmcp, and nothing outside the package does.
"""

from mendwatch.mcp_server import isolation

isolation.load()
