variable "VERSION" {
  default = "dev"
}

group "default" {
  targets = ["services", "tools"]
}

group "services" {
  targets = ["api", "web", "worker"]
}

target "base" {
  context = "base"
}

target "_service" {
  contexts  = { base = "target:base" }
  args      = { VERSION = VERSION }
  platforms = ["linux/amd64", "linux/arm64"]
}

target "api" {
  inherits = ["_service"]
  context  = "api"
  tags     = ["example.com/monorepo/api:${VERSION}"]
}

target "web" {
  inherits = ["_service"]
  context  = "web"
  tags     = ["example.com/monorepo/web:${VERSION}"]
}

target "worker" {
  inherits = ["_service"]
  context  = "worker"
  tags     = ["example.com/monorepo/worker:${VERSION}"]
}

target "tools" {
  context   = "tools"
  platforms = ["linux/amd64", "linux/arm64", "windows/amd64"]
  output    = ["type=local,dest=bin"]
}
