"""What a surface needs to ask for ratings by mail, take them on a page for strangers and show figures; a module answers."""
