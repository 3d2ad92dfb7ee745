package awscloudtrail

import "github.com/grantwatch/grantwatch/access"

// OCSF classes of changes.
const (
	account    = "Account Change"
	userAccess = "User Access Management"
	groups     = "Group Management"
)

func in(path ...string) []string { return path }

var (
	theUser   = subject{noun: "user", param: in("userName"), self: true}
	theRole   = subject{noun: "role", param: in("roleName")}
	theGroup  = subject{noun: "group", param: in("groupName")}
	thePolicy = subject{param: in("policyArn"), reply: in("policy", "arn")}
	theBucket = subject{param: in("bucketName"), scope: true}
	theSecret = subject{param: in("secretId"), reply: in("arn"), scope: true}
	theKey    = subject{param: in("keyId"), scope: true}
	theTrail  = subject{param: in("name"), reply: in("trailARN")}

	policyArn = grant{param: in("policyArn")}
	inline    = grant{prefix: "inline:", param: in("policyName")}
	boundary  = grant{prefix: "boundary:", param: in("permissionsBoundary")}
	session   = grant{reply: in("credentials", "accessKeyId")}
	password  = grant{fixed: "console-password"}
	mfaDevice = grant{prefix: "mfa:", param: in("serialNumber")}
	keyID     = grant{param: in("accessKeyId"), reply: in("accessKey", "accessKeyId")}
)

// changes lists the calls that change access, by IAM prefix and event name without the API's date.
var changes = map[string]*changeSpec{
	// IAM policies.
	"iam:AttachUserPolicy":              {kind: access.ChangeGrant, class: userAccess, subject: theUser, grant: policyArn},
	"iam:AttachRolePolicy":              {kind: access.ChangeGrant, class: userAccess, subject: theRole, grant: policyArn},
	"iam:AttachGroupPolicy":             {kind: access.ChangeGrant, class: groups, subject: theGroup, grant: policyArn},
	"iam:DetachUserPolicy":              {kind: access.ChangeRevoke, class: userAccess, subject: theUser, grant: policyArn},
	"iam:DetachRolePolicy":              {kind: access.ChangeRevoke, class: userAccess, subject: theRole, grant: policyArn},
	"iam:DetachGroupPolicy":             {kind: access.ChangeRevoke, class: groups, subject: theGroup, grant: policyArn},
	"iam:PutUserPolicy":                 {kind: access.ChangeGrant, class: userAccess, subject: theUser, grant: inline},
	"iam:PutRolePolicy":                 {kind: access.ChangeGrant, class: userAccess, subject: theRole, grant: inline},
	"iam:PutGroupPolicy":                {kind: access.ChangeGrant, class: groups, subject: theGroup, grant: inline},
	"iam:DeleteUserPolicy":              {kind: access.ChangeRevoke, class: userAccess, subject: theUser, grant: inline},
	"iam:DeleteRolePolicy":              {kind: access.ChangeRevoke, class: userAccess, subject: theRole, grant: inline},
	"iam:DeleteGroupPolicy":             {kind: access.ChangeRevoke, class: groups, subject: theGroup, grant: inline},
	"iam:PutUserPermissionsBoundary":    {kind: access.ChangeGrant, class: userAccess, subject: theUser, grant: boundary},
	"iam:PutRolePermissionsBoundary":    {kind: access.ChangeGrant, class: userAccess, subject: theRole, grant: boundary},
	"iam:DeleteUserPermissionsBoundary": {kind: access.ChangeRevoke, class: userAccess, subject: theUser, grant: grant{fixed: "boundary"}},
	"iam:DeleteRolePermissionsBoundary": {kind: access.ChangeRevoke, class: userAccess, subject: theRole, grant: grant{fixed: "boundary"}},
	"iam:UpdateAssumeRolePolicy":        {kind: access.ChangeGrant, class: userAccess, subject: theRole, grant: grant{fixed: "trust-policy"}},
	"iam:CreatePolicy":                  {kind: access.ChangeCreate, class: userAccess, subject: thePolicy, grant: grant{reply: in("policy", "arn")}},
	"iam:DeletePolicy":                  {kind: access.ChangeDelete, class: userAccess, subject: thePolicy, grant: policyArn},
	"iam:CreatePolicyVersion":           {kind: access.ChangeGrant, class: userAccess, subject: thePolicy, grant: policyArn},
	"iam:SetDefaultPolicyVersion":       {kind: access.ChangeGrant, class: userAccess, subject: thePolicy, grant: policyArn},
	"iam:DeletePolicyVersion":           {kind: access.ChangeRevoke, class: userAccess, subject: thePolicy, grant: policyArn},
	"iam:AddUserToGroup":                {kind: access.ChangeGrant, class: groups, subject: theUser, grant: grant{noun: "group", param: in("groupName")}},
	"iam:RemoveUserFromGroup":           {kind: access.ChangeRevoke, class: groups, subject: theUser, grant: grant{noun: "group", param: in("groupName")}},
	"iam:AddRoleToInstanceProfile":      {kind: access.ChangeGrant, class: userAccess, subject: theRole, grant: grant{noun: "instance-profile", param: in("instanceProfileName")}},
	"iam:RemoveRoleFromInstanceProfile": {kind: access.ChangeRevoke, class: userAccess, subject: theRole, grant: grant{noun: "instance-profile", param: in("instanceProfileName")}},
	"iam:CreateOpenIDConnectProvider":   {kind: access.ChangeCreate, class: userAccess, subject: subject{reply: in("openIDConnectProviderArn"), param: in("url")}},
	"iam:DeleteOpenIDConnectProvider":   {kind: access.ChangeDelete, class: userAccess, subject: subject{param: in("openIDConnectProviderArn")}},
	"iam:CreateSAMLProvider":            {kind: access.ChangeCreate, class: userAccess, subject: subject{reply: in("sAMLProviderArn"), param: in("name")}},
	"iam:UpdateSAMLProvider":            {kind: access.ChangeRotate, class: userAccess, subject: subject{param: in("sAMLProviderArn")}},
	"iam:DeleteSAMLProvider":            {kind: access.ChangeDelete, class: userAccess, subject: subject{param: in("sAMLProviderArn")}},

	// IAM users, roles, groups and their credentials.
	"iam:CreateUser":                      {kind: access.ChangeCreate, class: account, subject: subject{noun: "user", param: in("userName"), reply: in("user", "arn")}},
	"iam:DeleteUser":                      {kind: access.ChangeDelete, class: account, subject: theUser},
	"iam:CreateRole":                      {kind: access.ChangeCreate, class: account, subject: subject{noun: "role", param: in("roleName"), reply: in("role", "arn")}},
	"iam:CreateServiceLinkedRole":         {kind: access.ChangeCreate, class: account, subject: subject{reply: in("role", "arn"), param: in("aWSServiceName")}},
	"iam:DeleteRole":                      {kind: access.ChangeDelete, class: account, subject: theRole},
	"iam:CreateGroup":                     {kind: access.ChangeCreate, class: groups, subject: subject{noun: "group", param: in("groupName"), reply: in("group", "arn")}},
	"iam:DeleteGroup":                     {kind: access.ChangeDelete, class: groups, subject: theGroup},
	"iam:CreateAccessKey":                 {kind: access.ChangeCreate, class: account, subject: theUser, grant: keyID},
	"iam:DeleteAccessKey":                 {kind: access.ChangeDelete, class: account, subject: theUser, grant: keyID},
	"iam:UpdateAccessKey":                 {kind: access.ChangeDisable, class: account, subject: theUser, grant: keyID, status: true},
	"iam:CreateLoginProfile":              {kind: access.ChangeCreate, class: account, subject: theUser, grant: password},
	"iam:UpdateLoginProfile":              {kind: access.ChangeRotate, class: account, subject: theUser, grant: password},
	"iam:DeleteLoginProfile":              {kind: access.ChangeDelete, class: account, subject: theUser, grant: password},
	"iam:ChangePassword":                  {kind: access.ChangeRotate, class: account, subject: theUser, grant: password},
	"iam:EnableMFADevice":                 {kind: access.ChangeEnable, class: account, subject: theUser, grant: mfaDevice},
	"iam:DeactivateMFADevice":             {kind: access.ChangeDisable, class: account, subject: theUser, grant: mfaDevice},
	"iam:DeleteVirtualMFADevice":          {kind: access.ChangeDelete, class: account, subject: subject{param: in("serialNumber")}, grant: mfaDevice},
	"iam:CreateServiceSpecificCredential": {kind: access.ChangeCreate, class: account, subject: theUser, grant: grant{reply: in("serviceSpecificCredential", "serviceSpecificCredentialId")}},
	"iam:ResetServiceSpecificCredential":  {kind: access.ChangeRotate, class: account, subject: theUser, grant: grant{param: in("serviceSpecificCredentialId")}},
	"iam:UpdateServiceSpecificCredential": {kind: access.ChangeDisable, class: account, subject: theUser, grant: grant{param: in("serviceSpecificCredentialId")}, status: true},
	"iam:DeleteServiceSpecificCredential": {kind: access.ChangeDelete, class: account, subject: theUser, grant: grant{param: in("serviceSpecificCredentialId")}},
	"iam:UploadSSHPublicKey":              {kind: access.ChangeCreate, class: account, subject: theUser, grant: grant{reply: in("sSHPublicKey", "sSHPublicKeyId")}},
	"iam:UpdateSSHPublicKey":              {kind: access.ChangeDisable, class: account, subject: theUser, grant: grant{param: in("sSHPublicKeyId")}, status: true},
	"iam:DeleteSSHPublicKey":              {kind: access.ChangeDelete, class: account, subject: theUser, grant: grant{param: in("sSHPublicKeyId")}},
	"iam:UploadSigningCertificate":        {kind: access.ChangeCreate, class: account, subject: theUser, grant: grant{reply: in("certificate", "certificateId")}},
	"iam:UpdateSigningCertificate":        {kind: access.ChangeDisable, class: account, subject: theUser, grant: grant{param: in("certificateId")}, status: true},
	"iam:DeleteSigningCertificate":        {kind: access.ChangeDelete, class: account, subject: theUser, grant: grant{param: in("certificateId")}},

	// Policies on resources, and keys.
	"s3:PutBucketPolicy":                  {kind: access.ChangeGrant, subject: theBucket, grant: grant{fixed: "bucket-policy"}},
	"s3:DeleteBucketPolicy":               {kind: access.ChangeRevoke, subject: theBucket, grant: grant{fixed: "bucket-policy"}},
	"s3:PutBucketAcl":                     {kind: access.ChangeGrant, subject: theBucket, grant: grant{fixed: "bucket-acl"}},
	"kms:PutKeyPolicy":                    {kind: access.ChangeGrant, subject: theKey, grant: grant{fixed: "key-policy"}},
	"kms:CreateGrant":                     {kind: access.ChangeGrant, subject: subject{param: in("granteePrincipal")}, grant: grant{reply: in("grantId")}},
	"kms:RevokeGrant":                     {kind: access.ChangeRevoke, subject: theKey, grant: grant{param: in("grantId")}},
	"kms:RetireGrant":                     {kind: access.ChangeRevoke, subject: theKey, grant: grant{param: in("grantId")}},
	"kms:RotateKey":                       {kind: access.ChangeRotate, subject: theKey},
	"kms:RotateKeyOnDemand":               {kind: access.ChangeRotate, subject: theKey},
	"lambda:AddPermission":                {kind: access.ChangeGrant, subject: subject{param: in("principal")}, grant: grant{prefix: "statement:", param: in("statementId")}},
	"lambda:RemovePermission":             {kind: access.ChangeRevoke, subject: subject{param: in("functionName")}, grant: grant{prefix: "statement:", param: in("statementId")}},
	"secretsmanager:PutResourcePolicy":    {kind: access.ChangeGrant, subject: theSecret, grant: grant{fixed: "resource-policy"}},
	"secretsmanager:DeleteResourcePolicy": {kind: access.ChangeRevoke, subject: theSecret, grant: grant{fixed: "resource-policy"}},
	"secretsmanager:CreateSecret":         {kind: access.ChangeCreate, subject: subject{reply: in("arn"), param: in("name")}},
	"secretsmanager:DeleteSecret":         {kind: access.ChangeDelete, subject: theSecret},
	"secretsmanager:RotateSecret":         {kind: access.ChangeRotate, subject: theSecret},
	"secretsmanager:PutSecretValue":       {kind: access.ChangeRotate, subject: theSecret},
	"secretsmanager:UpdateSecret":         {kind: access.ChangeRotate, subject: theSecret, only: in("versionId")}, // else only its description changed

	// IAM Identity Center.
	"sso:CreateAccountAssignment":              {kind: access.ChangeGrant, class: userAccess, subject: subject{param: in("principalId")}, grant: grant{param: in("permissionSetArn")}},
	"sso:DeleteAccountAssignment":              {kind: access.ChangeRevoke, class: userAccess, subject: subject{param: in("principalId")}, grant: grant{param: in("permissionSetArn")}},
	"sso:AttachManagedPolicyToPermissionSet":   {kind: access.ChangeGrant, class: userAccess, subject: subject{param: in("permissionSetArn")}, grant: grant{param: in("managedPolicyArn")}},
	"sso:DetachManagedPolicyFromPermissionSet": {kind: access.ChangeRevoke, class: userAccess, subject: subject{param: in("permissionSetArn")}, grant: grant{param: in("managedPolicyArn")}},
	"sso:PutInlinePolicyToPermissionSet":       {kind: access.ChangeGrant, class: userAccess, subject: subject{param: in("permissionSetArn")}, grant: grant{fixed: "inline:permission-set"}},

	// Session credentials.
	"sts:AssumeRole":                {kind: access.ChangeIssue, subject: subject{param: in("roleArn")}, grant: session},
	"sts:AssumeRoleWithSAML":        {kind: access.ChangeIssue, subject: subject{param: in("roleArn")}, grant: session},
	"sts:AssumeRoleWithWebIdentity": {kind: access.ChangeIssue, subject: subject{param: in("roleArn")}, grant: session},
	"sts:AssumeRoot":                {kind: access.ChangeIssue, subject: subject{param: in("targetPrincipal")}, grant: session},
	"sts:GetSessionToken":           {kind: access.ChangeIssue, subject: subject{self: true}, grant: session},
	"sts:GetFederationToken":        {kind: access.ChangeIssue, subject: subject{reply: in("federatedUser", "arn"), self: true}, grant: session},

	// What we can see at all.
	"cloudtrail:StopLogging":                       {kind: access.ChangeLogging, subject: theTrail},
	"cloudtrail:StartLogging":                      {kind: access.ChangeLogging, subject: theTrail},
	"cloudtrail:CreateTrail":                       {kind: access.ChangeLogging, subject: theTrail},
	"cloudtrail:UpdateTrail":                       {kind: access.ChangeLogging, subject: theTrail},
	"cloudtrail:DeleteTrail":                       {kind: access.ChangeLogging, subject: theTrail},
	"cloudtrail:PutEventSelectors":                 {kind: access.ChangeLogging, subject: subject{reply: in("trailARN"), param: in("trailName")}},
	"cloudtrail:DeleteEventDataStore":              {kind: access.ChangeLogging, subject: subject{param: in("eventDataStore")}},
	"cloudtrail:StopEventDataStoreIngestion":       {kind: access.ChangeLogging, subject: subject{param: in("eventDataStore")}},
	"ec2:DeleteFlowLogs":                           {kind: access.ChangeLogging, subject: subject{param: in("DeleteFlowLogsRequest", "FlowLogId", "content")}},
	"guardduty:DeleteDetector":                     {kind: access.ChangeLogging, subject: subject{param: in("detectorId")}},
	"guardduty:UpdateDetector":                     {kind: access.ChangeLogging, subject: subject{param: in("detectorId")}},
	"guardduty:StopMonitoringMembers":              {kind: access.ChangeLogging, subject: subject{param: in("detectorId")}},
	"config:StopConfigurationRecorder":             {kind: access.ChangeLogging, subject: subject{param: in("configurationRecorderName")}},
	"config:DeleteConfigurationRecorder":           {kind: access.ChangeLogging, subject: subject{param: in("configurationRecorderName")}},
	"config:DeleteDeliveryChannel":                 {kind: access.ChangeLogging, subject: subject{param: in("deliveryChannelName")}},
	"logs:DeleteLogGroup":                          {kind: access.ChangeLogging, subject: subject{param: in("logGroupName")}},
	"logs:DeleteLogStream":                         {kind: access.ChangeLogging, subject: subject{param: in("logGroupName")}},
	"s3:PutBucketLogging":                          {kind: access.ChangeLogging, subject: theBucket},
	"route53resolver:DeleteResolverQueryLogConfig": {kind: access.ChangeLogging, subject: subject{param: in("resolverQueryLogConfigId")}},
	"securityhub:DisableSecurityHub":               {kind: access.ChangeLogging},
}
