"""Background work: a lease queue on the database, its schedules and the process that runs them.

Read `tasks.py` to declare and enqueue work, `queue.py` for how a job is claimed and never lost.
"""
