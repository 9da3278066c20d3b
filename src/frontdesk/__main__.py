"""Run the program: `python -m frontdesk`."""

from frontdesk.cli.main import main

if __name__ == "__main__":
    main()
