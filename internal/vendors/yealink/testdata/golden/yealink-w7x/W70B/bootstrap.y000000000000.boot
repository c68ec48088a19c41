#!version:1.0.0.1
include:config "yealink.cfg"
overwrite_mode = 0
