job "http-echo" {
  datacenters = ["dc1"]

  group "echo" {
    count = 5

    network {
      port "http" {}
    }

    task "server" {
      driver = "raw_exec"

      config {
        command = "/opt/lab/http-echo"
        args    = ["-listen", ":${NOMAD_PORT_http}", "-text", "hello world from ${NOMAD_ALLOC_INDEX}"]
      }

      resources {
        cpu    = 100
        memory = 20
      }

      service {
        name = "http-echo"
        port = "http"
        tags = ["anaconda", "urlprefix-/http-echo"]

        check {
          type     = "http"
          path     = "/health"
          interval = "2s"
          timeout  = "1s"
        }
      }
    }
  }
}
