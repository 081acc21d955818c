"""Telephony: a telephone system tells of calls; whoever it rings for sees who it is, and the call is written down by itself."""
