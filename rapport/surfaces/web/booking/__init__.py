"""Booking pages for strangers: free times in their own zone, a form, and the page of what they booked."""
