"""Carried in a runtime's process under the local Lambda with SnapStart; see `sitecustomize`."""
