"""What an upgrade would do, said before it is done."""
