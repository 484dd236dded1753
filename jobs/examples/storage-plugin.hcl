# A storage plugin on every machine.
job "storage-plugin" {
  datacenters = ["dc1"]
  type        = "system"
  group "node" {
    task "plugin" {
      driver = "docker"
      config {
        image      = "example/csi-node:1.0"
        privileged = true
      }
      csi_plugin {
        id        = "example"
        type      = "node"
        mount_dir = "/csi"
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
