"""What travels over MQTT between the hub and its devices: messages, topics and signatures."""
