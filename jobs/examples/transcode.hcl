# Dispatched once a video: platform job dispatch -meta input=a.mov -meta profile=small transcode
job "transcode" {
  datacenters = ["dc1"]
  type        = "batch"
  meta {
    profile = "large"
  }
  parameterized {
    payload       = "optional"
    meta_required = ["input"]
    meta_optional = ["profile"]
  }
  group "transcode" {
    ephemeral_disk {
      size = 1000
    }
    task "encode" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo ${NOMAD_META_input} as ${NOMAD_META_profile}"]
      }
      dispatch_payload {
        file = "options.json"
      }
      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
