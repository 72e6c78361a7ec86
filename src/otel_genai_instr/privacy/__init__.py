"""What is taken out of content before it leaves the process. It knows text and JSON data, no span and no SDK."""
