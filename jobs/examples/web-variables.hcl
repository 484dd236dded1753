# One file for every environment: platform run -var count=4 -var 'hosts=["a.example.com", "b.example.com"]' ...
variable "count" {
  type        = number
  description = "How many instances."
  default     = 2
  validation {
    condition     = var.count > 0 && var.count <= 20
    error_message = "Between 1 and 20 instances."
  }
}

variable "hosts" {
  type    = list(string)
  default = ["web.example.com"]
}

locals {
  routes = [for h in var.hosts : "urlprefix-${h}/"]
}

job "web" {
  datacenters = ["dc1"]
  group "web" {
    count = var.count
    network {
      dynamic "port" {
        for_each = ["http"]
        labels   = [port.value]
        content {}
      }
    }
    service {
      name = "web"
      port = "http"
      tags = local.routes
      check {
        type     = "http"
        path     = "/health"
        interval = "10s"
        timeout  = "2s"
      }
    }
    task "server" {
      driver = "raw_exec"
      config {
        command = "http-echo"
        args    = ["-listen", ":${NOMAD_PORT_http}", "-text", "one of ${var.count}"]
      }
      resources {
        cpu    = 100
        memory = 20
      }
    }
  }
}
