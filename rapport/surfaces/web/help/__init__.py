"""The public help centre: pages that people read without signing in. They see the shelf and nothing else."""
