"""The commands of `xlner`, one file each: every one parses its options, calls one public function and prints."""
