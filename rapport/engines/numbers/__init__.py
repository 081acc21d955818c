"""Running numbers of a workspace, without gaps: tickets today, orders and invoices later."""
