// An empty assembly file lets shim.go declare functions without a body.
