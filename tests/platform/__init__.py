"""Tests of the platform, and what all tests stand on: settings, databases, servers, browsers."""
