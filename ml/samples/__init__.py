# What the ids of customers whom nobody ever had begin with.
INVENTED_IDS = "DA-"
