#!version:1.0.0.1
include:config "https://phones.example.com/d/q7Xw2LkN9sVt4BzR8mHcYp/001565a1b2c3.cfg"
overwrite_mode = 0
