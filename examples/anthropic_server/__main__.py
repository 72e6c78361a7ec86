"""Run the server on its own: ``python -m anthropic_server``; the first line that it prints is its base URL."""

from model_server.command import main

from . import AnthropicServer

if __name__ == "__main__":
    main(AnthropicServer, "anthropic_server")
