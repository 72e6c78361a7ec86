"""Run the server on its own: ``python -m openai_server``; the first line that it prints is its base URL."""

from model_server.command import main

from . import OpenAIServer

if __name__ == "__main__":
    main(OpenAIServer, "openai_server")
