"""Items to the table: `batches` cuts them into requests, `pool` sends those until they are stored."""
