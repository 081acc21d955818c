"""The OpenAPI 3.1 document of a workspace, as one viewer may use it: made from the registry, never written by hand."""
