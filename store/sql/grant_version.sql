SELECT max(version)
FROM grants
WHERE team = {team:String} AND entitlement = {entitlement:String} AND provider = {provider:String} AND account = {account:String}
