"""Writes every dashboard into ``deploy/grafana/dashboards``."""

from __future__ import annotations

from .all_boards import FOLDER, texts


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
