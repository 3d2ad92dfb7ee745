SELECT max(version)
FROM accounts
WHERE team = {team:String} AND entitlement = {entitlement:String} AND provider = {provider:String} AND account = {account:String}
