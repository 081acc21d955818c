"""Tests that belong to no single module: the platform, the kernel, batteries over the registry, the cast."""
