def portal(request):
    return {"portal": None, "member": None, "navigation": []}
