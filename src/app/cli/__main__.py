"""`python -m app.cli`, for the processes that the command line and the tests start."""

from app.cli.main import main

if __name__ == "__main__":
    main()
