"""Tests in real transactions end with emptied tables; this app brings the command that empties them."""
