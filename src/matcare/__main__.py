"""``python -m matcare``."""

from matcare.cli import main

if __name__ == "__main__":
    main()
