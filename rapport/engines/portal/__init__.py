"""The customer portal: guests, their accounts and sessions, and the sections that modules give them."""
