"""The customer portal: pages for guests, who are customers with an account of their own and no users of the workspace."""
