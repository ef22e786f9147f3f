select(.message == "HTTP Request") | [.method, .route, .status, .duration] | @tsv
