"""HTTP: metrics, health and the landing page, one ASGI application."""
