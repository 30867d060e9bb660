"""What the API's requests and answers look like. The OpenAPI document is made of it."""
