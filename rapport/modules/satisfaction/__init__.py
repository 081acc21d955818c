"""How satisfied customers are: surveys, who is asked when, what they answered, and what follows from it."""
