"""Reports and traces as pages of HTML that need nothing from outside: pure, and shared by files and the server."""
