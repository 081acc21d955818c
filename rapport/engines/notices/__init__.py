"""Notices: what somebody should hear of (a mention, work handed over, a share). Written from the change log, told through
the gate."""
