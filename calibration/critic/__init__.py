"""Any large multimodal model as a judge of visual quality, compared with people."""
