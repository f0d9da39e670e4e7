variable "VERSION" {
  default = "dev"
}

group "default" {
  targets = ["greeter"]
}

target "greeter" {
  context = "."
  args = { VERSION = VERSION }
  tags = ["example.com/greeter:${VERSION}"]
}

target "release" {
  inherits  = ["greeter"]
  platforms = ["linux/amd64", "linux/arm64"]
}
